#!/usr/bin/env bash
# Does with a bare repository on this disk what the steps of release.yml ask of GitHub by `gh`: references of tags, and releases as folders beside it.
set -euo pipefail
repository="${REHEARSAL_REPOSITORY:?}"
releases="$repository/releases"

# Value of the first argument `<name>=<value>`.
field() {
  local name="$1" each
  shift
  for each in "$@"; do if [[ "$each" == "$name="* ]]; then echo "${each#*=}"; return; fi; done
}

case "$1 ${2-}" in
  'release view') test -d "$releases/$3" ;;
  'release create')
    tag="$3"
    shift 3
    commit='' notes='' files=()
    while [ $# -gt 0 ]; do
      case "$1" in
        --target) commit="$2"; shift 2 ;;
        --notes-file) notes="$2"; shift 2 ;;
        --title) shift 2 ;;
        *) files+=("$1"); shift ;;
      esac
    done
    git --git-dir "$repository" update-ref "refs/tags/$tag" "$commit" ''
    mkdir -p "$releases/$tag"
    cp "$notes" "${files[@]}" "$releases/$tag"
    ;;
  'api --method')
    test "$3" = DELETE
    git --git-dir "$repository" update-ref -d "${4#*/git/}"
    ;;
  api\ */git/refs) git --git-dir "$repository" update-ref "$(field ref "$@")" "$(field sha "$@")" '' ;;
  api\ */git/ref/*) git --git-dir "$repository" rev-parse --verify --quiet "refs/${2#*/git/ref/}" ;;
  *) echo "gh $*: the stand-in does not know this" >&2; exit 9 ;;
esac
