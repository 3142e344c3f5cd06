import { TextFile, type Project } from 'projen';

/** Keeps download addresses out of the lock file: they belong to the machine that wrote it. */
export class NpmrcFile extends TextFile {
  constructor(project: Project) {
    super(project, '.npmrc', { marker: true });
    this.addLine(`# ${this.marker}`);
    this.addLine('omit-lockfile-registry-resolved=true');
    this.addLine('fund=false');
    this.addLine('audit=false');
  }
}
