/**
 * Builds the Maven repository of Java packages from the sources that jsii-pacmak writes.
 *
 * jsii-pacmak itself resolves the ranges of its pom to what is newest on the day of the build, so that two builds of one commit would ask for
 * different versions of aws-cdk-lib. Here each range becomes its lower end: the versions that are tested here, from which on an app may take any.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runProgram } from './run-program.mjs';

/** Of all JVMs of a build: a JVM that lives for seconds never earns back what its second compiler costs. */
export const SHORT_LIVED_JVM = '-XX:+TieredCompilation -XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** @param {string} pom text with ranges like [2.258.0,3.0.0) @returns {string} the same with their lower ends */
export function withFloors(pom) {
  return pom.replace(/<version>\[([^,<\]]+),[^<]*<\/version>/g, '<version>$1</version>');
}

/**
 * @param {object} options
 * @param {string} options.sources folder below which the projects lie
 * @param {string[]} options.projects folders with a pom.xml each
 * @param {string} options.out folder of the Maven repository
 * @param {string} [options.mavenRepository] for downloads; that of this user where undefined
 * @param {boolean} [options.documents] false leaves out the jars of sources and of javadoc, without which Maven Central takes nothing
 */
export async function packageJava({ sources, projects, out, mavenRepository, documents = true }) {
  for (const project of projects) {
    const pom = path.join(project, 'pom.xml');
    const text = withFloors(readFileSync(pom, 'utf8'));
    const range = /<version>[[(][^<]*<\/version>/.exec(text);
    if (range !== null) throw new Error(`${pom} has ${range[0]}, which has no lower end to build with`);
    writeFileSync(pom, text);
  }
  writeFileSync(path.join(sources, 'pom.xml'), aggregate(projects.map((project) => path.relative(sources, project))));
  await runProgram('mvn', [
    '--batch-mode', '--quiet', 'deploy', `-DaltDeploymentRepository=built::default::file://${out}`,
    // What is built is in `out` only, and not in the repository of this user.
    '-Dmaven.install.skip=true',
    ...(documents ? [] : ['-Dmaven.javadoc.skip=true', '-Dmaven.source.skip=true']),
    ...(mavenRepository === undefined ? [] : [`-Dmaven.repo.local=${mavenRepository}`]),
  ], { cwd: sources, env: { MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} ${SHORT_LIVED_JVM}`.trim() } });
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
