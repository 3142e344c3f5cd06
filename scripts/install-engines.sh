#!/usr/bin/env bash
# Installs what some tests compare with or need and npm does not carry: Spark, moto (an independent S3, IAM and Step Functions), datacontract-cli,
# cfn-lint and pytest, into .engines/venv, MariaDB and the OpenSSH server. Safe to run again: it returns at once when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=scripts/engines-requirements.txt
venv=.engines/venv
stamp=.engines/installed-requirements.txt

install_java() {
  # Spark 3.5 runs on Java 17; any later one that it supports serves as well.
  if command -v java >/dev/null && [ "$(java_major)" -ge 17 ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'Java 17 is missing: install it (Debian: openjdk-17-jre-headless), then run this again' >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless
}

java_major() {
  java -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p'
}

install_sshd() {
  # Tests of the sftp source start it by themselves, on loopback and with keys of their own; no service is needed.
  if [ -x /usr/sbin/sshd ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'sshd is missing: install it (Debian: openssh-server), then run this again' >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends openssh-server
}

install_mariadb() {
  # Tests of the mysql source start it by themselves, on loopback and in folders of their own; no service is needed.
  if command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'MariaDB is missing: install it (Debian: mariadb-server), then run this again' >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mariadb-server
}

install_python() {
  if cmp -s "$requirements" "$stamp" && [ -x "$venv/bin/python" ]; then
    echo 'Python engines: already installed'
    return
  fi
  mkdir -p .engines
  if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv" || { echo 'Python 3 with its venv module is missing (Debian: python3-venv)' >&2; exit 1; }
  fi
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  # Written last, so that an interrupted installation is tried again.
  cp "$requirements" "$stamp"
}

install_java
install_mariadb
install_python
install_sshd
java -version 2>&1 | head -n 1
"$venv/bin/python" --version
"$venv/bin/pip" list --disable-pip-version-check --format=freeze | grep -E '^(moto|pyspark|cfn-lint|datacontract-cli|pytest)=='
