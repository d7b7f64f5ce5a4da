#!/bin/sh
# Makes the file systems of tests/filesystems.rs with Debian's tools (bookworm: e2fsprogs 1.47, genext2fs 1.5, mtd-utils
# 2.1, dosfstools 4.2, mtools 4.0, cdrkit 1.1, u-boot-tools 2023.01, squashfs-tools 4.5), in the current folder.
set -eu
export SOURCE_DATE_EPOCH=1767225600
mkdir -p root/etc root/bin root/dir/deep
printf 'root::0:0::/:/bin/sh\n' > root/etc/passwd
printf '\177ELF program' > root/bin/busybox
ln -sf busybox root/bin/sh
python3 - <<'PY'
import random
open('root/dir/long.txt', 'w').write(''.join('line %d of a text that compresses well\n' % i for i in range(600)))
random.seed(7)
open('root/dir/deep/noise', 'wb').write(bytes(random.randrange(256) for _ in range(1500)))
PY
chmod 4755 root/bin/busybox
chmod 640 root/etc/passwd
find root -exec touch -h -d 2026-01-01 {} +
mke2fs -q -t ext2 -b 1024 -O ^resize_inode -I 128 -N 64 -d root ext2.img 256k
mke2fs -q -t ext3 -b 1024 -O ^resize_inode -I 256 -N 64 -d root ext3.img 2M
mke2fs -q -t ext4 -b 1024 -O ^has_journal,^resize_inode,inline_data,64bit -I 256 -N 64 -d root ext4.img 256k
genext2fs -d root -b 200 -U genext2fs.img
mkfs.jffs2 -r root -o jffs2-le.img -l -e 0x10000 -U
mkfs.jffs2 -r root -o jffs2-be.img -b -e 0x10000 -U -m priority -X lzo -y 90:lzo -n
mkfs.jffs2 -r root -o jffs2-rtime.img -l -e 0x10000 -U -x zlib -x lzo -m priority
for how in lzo zlib zstd; do mkfs.ubifs -r root -m 512 -e 15360 -c 100 -x $how -o ubifs-$how.img -U; done
cat > ubi.ini <<'INI'
[a]
mode=ubi
image=ubifs-lzo.img
vol_id=0
vol_type=dynamic
vol_name=rootfs
vol_size=1536000
[b]
mode=ubi
image=root/etc/passwd
vol_id=1
vol_type=static
vol_name=config
INI
ubinize -o ubi.img -p 16384 -m 512 -s 512 -Q 7 ubi.ini
mkfs.fat -F 12 -C fat12.img 200 -i 1
mkfs.fat -F 16 -s 1 -C fat16.img 3000 -i 1
mkfs.fat -F 32 -s 1 -C fat32.img 34000 -i 1
for bits in 12 16 32; do
    mcopy -i fat$bits.img -s root/etc root/dir ::/
    mcopy -i fat$bits.img root/bin/busybox '::/A rather long name.bin'
    mcopy -i fat$bits.img root/etc/passwd ::/README.TXT
done
cp -a root isoroot
mkdir -p isoroot/a/b/c/d/e/f/g/h
echo deep > isoroot/a/b/c/d/e/f/g/h/i.txt
genisoimage -quiet -R -J -o iso-rr.img isoroot
genisoimage -quiet -J -o iso-joliet.img root
genisoimage -quiet -o iso-plain.img root
(cd root && find etc | cpio -o -H newc --quiet | gzip -9n) > init.cpio.gz
cat > f.its <<'ITS'
/dts-v1/;
/ { description = "two parts"; #address-cells = <1>;
 images {
  kernel-1 { description = "k"; data = /incbin/("root/bin/busybox"); type = "kernel"; arch = "arm"; os = "linux"; compression = "none"; load = <0x8000>; entry = <0x8000>; hash-1 { algo = "crc32"; }; };
  ramdisk-1 { description = "r"; data = /incbin/("init.cpio.gz"); type = "ramdisk"; arch = "arm"; os = "linux"; compression = "none"; hash-1 { algo = "sha256"; }; };
 };
 configurations { default = "c"; c { kernel = "kernel-1"; ramdisk = "ramdisk-1"; }; };
};
ITS
mkimage -f f.its fit.img
mkimage -E -f f.its fit-external.img
mkimage -E -p 0x1000 -f f.its fit-position.img
for how in lzma lzo; do mksquashfs root squashfs-$how.img -comp $how -all-root -noappend -no-progress -quiet -no-xattrs; done
for image in *.img; do xz -9ek -c $image > $image.xz; done
