//! Whoever manages an instance gets in again, long after the first login link.

use crate::site::Site;
use crate::support::Place;

#[test]
fn the_administrator_gets_another_login_link_at_a_later_start() {
    let home = Place::new();
    let mut first = Site::start(&home, &[]);
    first.kill();
    let again = Site::start(&home, &["--login-link"]);
    assert_eq!(again.administrator.organization, first.administrator.organization);
    // It still manages the instance.
    again.found("Water", "operator");
}
