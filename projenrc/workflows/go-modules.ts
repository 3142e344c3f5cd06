/** Where Go finds the modules: one repository, a folder for each module. */
const GO_REPOSITORY = 'https://github.com/headrace/headrace-go.git';

/**
 * Pushes all Go modules of a release in one commit, with their tags, or none of them. Modules that are not released stay as they are, and one
 * that is there already, from a run that failed later, is left alone; the same version with other contents is refused.
 *
 * By git alone: `publib-golang` removes every module of the repository that it was not given.
 */
const PUSH_GO_MODULES = `
set -euo pipefail
git -c credential.helper= -c credential.helper='!f() { echo username=x-access-token; echo "password=$GO_GITHUB_TOKEN"; }; f' clone --quiet "$GO_REPOSITORY" go-modules
pushed=()
for module in "$PWD"/dist/release/packages/*/go/*/; do
  name="$(basename "$module")"
  test -f "$module/go.mod" || continue
  tag="$name/v$(cat "$module/version")"
  rm -rf "go-modules/$name"
  cp -R "$module" "go-modules/$name"
  git -C go-modules add --all --force -- "$name"
  if git -C go-modules rev-parse --quiet --verify "refs/tags/$tag" > /dev/null; then
    git -C go-modules diff --cached --quiet "refs/tags/$tag" -- "$name" || { echo "$tag is published already, with other contents; release the next version"; exit 1; }
    echo "$tag is published already"
    git -C go-modules reset --quiet --hard
    continue
  fi
  git -C go-modules diff --cached --quiet || git -C go-modules commit --quiet --message "$tag"
  git -C go-modules tag "$tag"
  pushed+=("refs/tags/$tag")
done
test "\${#pushed[@]}" -gt 0 || exit 0
git -C go-modules -c credential.helper= -c credential.helper='!f() { echo username=x-access-token; echo "password=$GO_GITHUB_TOKEN"; }; f' push --quiet --atomic origin HEAD "\${pushed[@]}"
printf 'pushed %s\\n' "\${pushed[@]}"
`;

/** The step that publishes Go modules. */
export function pushGoModules(): { name: string; env: Record<string, string>; run: string } {
  const [author, address] = ['headrace', 'maintainers@headrace.invalid'];
  return {
    name: 'Publish',
    env: {
      GO_REPOSITORY, GO_GITHUB_TOKEN: '${{ secrets.GO_GITHUB_TOKEN }}',
      GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: address, GIT_COMMITTER_NAME: author, GIT_COMMITTER_EMAIL: address,
    },
    run: PUSH_GO_MODULES.trim(),
  };
}
