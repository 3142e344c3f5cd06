import type { IResolver, YamlFile } from 'projen';

/** An action of the workflows, pinned: a tag can be moved to other code, a commit cannot. */
export interface ActionPin {
  readonly version: string;
  /** Commit of that version. */
  readonly sha: string;
}

/** Every action that the workflows use. All are of GitHub itself; what else they do is commands of this repository. */
export const ACTION_PINS = {
  'actions/checkout': { version: 'v5.0.0', sha: '08c6903cd8c0fde910a37f88322edcfb5dd907a8' },
  'actions/download-artifact': { version: 'v5.0.0', sha: '634f93cb2916e3fdff6788551b99b062d0335ce0' },
  'actions/setup-dotnet': { version: 'v5.0.0', sha: 'd4c94342e560b34958eacfc5d055d21461ed1c5d' },
  'actions/setup-java': { version: 'v5.0.0', sha: 'dded0888837ed1f317902acf8a20df0ad188d165' },
  'actions/setup-node': { version: 'v5.0.0', sha: 'a0853c24544627f65ddf259abe73b1d18a591444' },
  'actions/setup-python': { version: 'v6.0.0', sha: 'e797f83bcb11b83ae66e0230d6156d7c80228e7c' },
  'actions/upload-artifact': { version: 'v5.0.0', sha: '330a01c490aca151604b8cf639adc76d48f6c5d4' },
} as const satisfies Record<string, ActionPin>;

/** `actions/checkout@<commit>`, for `uses`. */
export function pinned(action: keyof typeof ACTION_PINS): string {
  return `${action}@${ACTION_PINS[action].sha}`;
}

/** Writes the version behind each commit, which projen's YAML has no place for. */
export function nameVersions(file: YamlFile): void {
  const content = file as unknown as { synthesizeContent(resolver: IResolver): string | undefined };
  const plain = content.synthesizeContent.bind(content);
  const pins: Readonly<Record<string, ActionPin>> = ACTION_PINS;
  content.synthesizeContent = (resolver) => plain(resolver)?.replace(/uses: ([^@\s]+)@[0-9a-f]{40}$/gm, (line, action: string) => `${line} # ${pins[action]!.version}`);
}
