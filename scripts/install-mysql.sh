#!/usr/bin/env bash
# Puts a MySQL server of Debian's unstable into .engines/mysql, with the libraries that it needs and nothing outside of that folder. Only for tests by hand: its version
# is the one that is there today. Then: HEADRACE_MYSQLD=$PWD/.engines/mysql/mysqld npx jest -c packages/runtime/jest.config.json load/mysql
set -euo pipefail
cd "$(dirname "$0")/.."

home=.engines/mysql
if [ -x "$home/mysqld" ]; then
  "$home/mysqld" --no-defaults --version
  exit
fi
if ! command -v apt-get >/dev/null; then
  echo 'apt-get is missing: give the tests another server by HEADRACE_MYSQLD, the path of its mysqld' >&2
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,root}
# Where this machine gets Debian from, for another suite; an empty status, so that every library comes along.
site=$(apt-get indextargets --format '$(ORIGIN) $(SITE) $(SUITE)' | awk '$1 == "Debian" && $3 !~ /security/ { print $2; exit }')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site sid main" > "$work/sources/sid.list"
: > "$work/status"
apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o "Dir::State::status=$work/status")
"${apt[@]}" update
"${apt[@]}" install --yes --no-install-recommends --download-only mysql-server-core >/dev/null
for package in "$work"/cache/archives/*.deb; do
  case $package in
    */perl*|*/libperl*|*/gcc-*) ;;
    *) dpkg-deb --extract "$package" "$work/root" ;;
  esac
done
loader=$(cd "$work/root" && find usr/lib* -name 'ld-linux*.so.*' | head -n 1)
libraries=$(dirname "$(cd "$work/root" && find usr/lib -name 'libstdc++.so.6')")
cat > "$work/root/mysqld" <<END
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
exec "\$here/$loader" --library-path "\$here/$libraries:\$here/usr/lib/mysql/private" "\$here/usr/sbin/mysqld" "\$@"
END
# The server may run as another account than root.
chmod 755 "$work/root" "$work/root/mysqld"
rm -rf "$home"
mkdir -p .engines
mv "$work/root" "$home"
"$home/mysqld" --no-defaults --version
