#!/bin/sh
# The inside of a node, in network, mount and UTS namespaces of its own: the node gets its own /sys,
# /run, /var/lib and /var/log. Then this only keeps the namespaces alive.
#
#   inside.sh NAME FOLDER
set -eu
name=$1 folder=$2
hostname "$name"
mkdir -p "$folder/lib" "$folder/log" "$folder/cgroup"
mount --make-rprivate /
# A sysfs of this network namespace, with the machine's cgroups in it.
mount --rbind /sys/fs/cgroup "$folder/cgroup"
umount --lazy /sys
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
umount --lazy "$folder/cgroup"
mount --bind "$folder/lib" /var/lib
mount --bind "$folder/log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/cni/net.d /run/flannel /var/lib/kubelet /var/lib/containerd
# The kubelet and containerd hand their mounts on to each other.
mount --make-rshared /
for setting in ipv4/ip_forward ipv4/conf/all/forwarding bridge/bridge-nf-call-iptables; do
    echo 1 >"/proc/sys/net/$setting"
done
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
touch "$folder/inside"
exec sleep infinity
