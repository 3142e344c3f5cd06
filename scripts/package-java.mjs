/**
 * Builds the Maven repository of Java packages from the sources that jsii-pacmak writes.
 *
 * jsii-pacmak itself resolves the ranges of its pom to what is newest on the day of the build, so that two builds of one commit would ask for
 * different versions of aws-cdk-lib. Here each range becomes its lower end: the versions that are tested here, from which on an app may take any.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

/** @param {string} pom text with ranges like [2.258.0,3.0.0) @returns {string} the same with their lower ends */
export function withFloors(pom) {
  return pom.replace(/<version>\[([^,<\]]+),[^<]*<\/version>/g, '<version>$1</version>');
}

/** @param sources folder with one Maven project in each of its folders @param out folder of the Maven repository */
export function packageJava({ sources, out, mavenRepository }) {
  const modules = readdirSync(sources, { recursive: true }).filter((file) => path.basename(file) === 'pom.xml').map((file) => path.dirname(file)).sort();
  for (const module of modules) {
    const pom = path.join(sources, module, 'pom.xml');
    const text = withFloors(readFileSync(pom, 'utf8'));
    const range = /<version>[[(][^<]*<\/version>/.exec(text);
    if (range !== null) throw new Error(`${pom} has ${range[0]}, which has no lower end to build with`);
    writeFileSync(pom, text);
  }
  writeFileSync(path.join(sources, 'pom.xml'), aggregate(modules));
  const { status, error } = spawnSync('mvn', [
    '--batch-mode', '--quiet', 'deploy', `-DaltDeploymentRepository=built::default::file://${out}`,
    // What is built is in `out` only, and not in the repository of this user.
    '-Dmaven.install.skip=true',
    ...(mavenRepository === undefined ? [] : [`-Dmaven.repo.local=${mavenRepository}`]),
  ], {
    cwd: sources, stdio: 'inherit', env: { ...process.env, MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} -XX:+TieredCompilation -XX:TieredStopAtLevel=1`.trim() },
  });
  if (status !== 0) throw new Error(`mvn deploy in ${sources} ended with ${error ?? status}`);
}

/** One build of all modules; it is not deployed itself. */
function aggregate(modules) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.headrace.build</groupId>
  <artifactId>all</artifactId>
  <version>0.0.0</version>
  <packaging>pom</packaging>
  <properties><maven.deploy.skip>true</maven.deploy.skip></properties>
  <modules>${modules.map((module) => `<module>${module}</module>`).join('')}</modules>
</project>
`;
}
