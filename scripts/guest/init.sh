#!/bin/sh
# The guest's first process: mounts, runs /script.sh with the functions of /lib.sh, says how it ended and stops the machine.

/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /tmp /results
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t debugfs debugfs /sys/kernel/debug
echo 7 >/proc/sys/kernel/printk

# The results go to a file of the host: behind the second serial port, or in UML through hostfs.
# shellcheck source=/dev/null
. /variables
case $RESULTS in
/results/*) mount -t hostfs none /results ;;
*) stty -F "$RESULTS" raw ;;
esac

sh -c '. /variables; . /lib.sh; . /script.sh; end'

sync
[ -e /exit.ko ] && insmod /exit.ko
poweroff -f
