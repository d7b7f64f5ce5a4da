#!/bin/sh
# Makes the images of tests/makers.rs in the current folder, where `make.sh` has run. `$FMK` is a checkout of
# rampageX/firmware-mod-kit (75bc0647) and `$FU` of openwrt/firmware-utils (d21804ad), in which the tools named below
# were compiled (gcc 12, with `-std=gnu89 -fcommon -include sys/sysmacros.h`); rpm 4.18 and android-sdk-libsparse-utils
# 29.0 are Debian's.
set -eu
export SOURCE_DATE_EPOCH=1767225600
squash() { name=$1; tool=$2; shift 2; "$FMK/src/$tool" root "$name.img" -all-root -noappend "$@"; }
squash squashfs2 squashfs-2.1-r2/mksquashfs-lzma
python3 - <<'PY'
open('root/dir/big.txt', 'w').write(''.join('line %d of a longer text\n' % (i * i % 977) for i in range(6000)))
PY
find root -exec touch -h -d 2026-01-01 {} +
squash squashfs3 squashfs-3.0/mksquashfs
squash squashfs3-be squashfs-3.0/mksquashfs -be
squash squashfs3-ddwrt-be squashfs-3.0-lzma-damn-small-variant/mksquashfs-lzma -be
squash squashfs3-linksys others/squashfs-3.0-e2100/mksquashfs-lzma
squash squashfs3-netgear others/squashfs-3.2-r2-wnr1000/mksquashfs
squash squashfs3-cisco-be others/squashfs-3.4-cisco/mksquashfs -be
squash squashfs4-realtek others/squashfs-4.0-realtek/mksquashfs -comp lzma
printf loader > loader
printf kernel > kernel
head -c 64 /dev/zero > version
"$FU/trx" -o trx.img -f loader -f squashfs-lzma.img
"$FU/trx" -2 -o trx2.img -f loader -f kernel -f squashfs-lzma.img -f version
"$FU/mkchkimg" -o chk.img -k kernel -f squashfs-lzma.img -b U12H000T00_TEST -r 1
img2simg ext2.img sparse.img 1024
cat > test.spec <<'SPEC'
Name: test
Version: 1
Release: 1
Summary: test
License: none
BuildArch: noarch
%description
test
%install
mkdir -p %{buildroot}/etc %{buildroot}/bin
printf 'root::0:0::/:/bin/sh\n' > %{buildroot}/etc/passwd
printf '\177ELF program' > %{buildroot}/bin/busybox
ln -s busybox %{buildroot}/bin/sh
%files
/etc/passwd
%attr(4755,root,root) /bin/busybox
/bin/sh
SPEC
rpmbuild -bb --quiet --define "_topdir $PWD/rpm" --define "_binary_payload w3.zstdio" --define "__os_install_post %{nil}" \
    --define "use_source_date_epoch_as_buildtime 1" --define "_build_name_fmt rpm.img" test.spec
mv rpm/RPMS/rpm.img .
for image in squashfs[23]*.img squashfs4-realtek.img trx*.img chk.img sparse.img rpm.img; do xz -9ek "$image"; done
