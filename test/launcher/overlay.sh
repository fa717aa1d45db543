#!/bin/sh
# Runs in mount, PID and network namespaces of its own: a copy-on-write view of this machine, where Debian's avahi-daemon is taken out and put
# back. $1 is the project, $2 an empty folder, $2.debs holds the package. Prints one line per step; what starts ends with the PID namespace.
# The view looks booted by systemd: maintainer scripts, deb-systemd-invoke and policy-rc.d are Debian's; only systemctl's start is played.
set -eu
project=$1 work=$2
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"
mount -t tmpfs tmp "$root/tmp"
cp "$work.debs"/*.deb "$root/tmp/"
[ -e "$root$project/sallyport" ] || { mkdir -p "$root$project" && mount --bind "$project" "$root$project"; }
rm -f "$root/etc/resolv.conf" && echo 'nameserver 127.0.0.1' > "$root/etc/resolv.conf" # refuses at once
mkdir -p "$root/run/systemd/system" "$root/run/dbus"
[ ! -e "$root/usr/bin/systemctl" ] || mv "$root/usr/bin/systemctl" "$root/usr/bin/systemctl.real"
cat > "$root/usr/bin/systemctl" <<'SYSTEMCTL'
#!/bin/sh
case " $* " in
  *" start "*avahi-daemon* | *" restart "*avahi-daemon*)
    dbus-send --system --dest=org.freedesktop.DBus --print-reply / org.freedesktop.DBus.ReloadConfig > /dev/null
    avahi-daemon --daemonize
    ;;
  *) if [ -x /usr/bin/systemctl.real ]; then exec /usr/bin/systemctl.real "$@"; else echo enabled; fi ;;
esac
SYSTEMCTL
chmod 755 "$root/usr/bin/systemctl"
cat > "$root/tmp/steps" <<'STEPS'
set -eu
policy=/usr/sbin/policy-rc.d
launcher=$1/sallyport
deb=$(basename /tmp/*.deb)
listening() { ss -Hlntup | sed 's/  */ /g' | cut -d ' ' -f 1,5 | tr '\n' ' '; }
take_out() {
  dpkg --purge --force-depends avahi-daemon > /dev/null 2>&1
  pkill avahi-daemon || true
  while pgrep avahi-daemon > /dev/null; do sleep 0.05; done
}
set_up() {
  mkdir -p /var/cache/apt/archives
  cp "/tmp/$deb" /var/cache/apt/archives/
  "$launcher" setup demo > /tmp/out 2>&1 || cat /tmp/out
}
own_policy() { echo "$(stat -c %a "$policy") $(tail -n 1 "$policy") $(ls "$policy"*)"; }
rm -f "$policy" "$policy.before-sallyport"
dbus-daemon --system --fork
take_out
echo "before: $(listening)"
dpkg -i "/tmp/$deb" > /dev/null 2>&1
echo "plain: $(listening)"
take_out
echo "taken out: $(listening)"
set_up
echo "launcher: $(listening)"
dpkg-query -W -f='status: ${db:Status-Status}\n' avahi-daemon
[ ! -x /usr/bin/systemctl.real ] || echo "at boot: $(find /etc/systemd/system -name '*avahi*' -o -name '*Avahi*')"
echo "policy: $(ls "$policy"* 2> /dev/null)"
take_out
printf '#!/bin/sh\nexit 0\n' > "$policy"
chmod 700 "$policy"
set_up
echo "with a policy: $(listening)"
echo "own policy: $(own_policy)"
take_out
rm -f /var/cache/apt/archives/*.deb
code=0
"$launcher" setup demo > /tmp/out 2>&1 || code=$?
echo "no network: $code $(tr '\n' '|' < /tmp/out)"
echo "policy then: $(own_policy)"
printf '#!/bin/sh\n# sallyport: no daemon starts while packages are installed\nexit 101\n' > "$policy.ours"
mv "$policy" "$policy.before-sallyport"
mv "$policy.ours" "$policy"
set_up
echo "after a killed set-up: $(own_policy)"
STEPS
ip link set lo up
ip link add lan type veth peer name far # avahi listens where there is a network
ip addr add 192.0.2.1/24 dev lan
ip link set lan up
ip link set far up
chroot "$root" /bin/sh /tmp/steps "$project"
