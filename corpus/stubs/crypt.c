/* Only to link against: cross compilers bring no libcrypt. */
char *crypt(const char *password, const char *salt)
{
    (void)password;
    (void)salt;
    return 0;
}
