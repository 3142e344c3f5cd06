import { readdir, readFile } from 'node:fs/promises';
import * as path from 'node:path';

/**
 * The licences of what bundles contain: they are copies of other people's work, whose terms ask for the text.
 *
 * @param {string} root the repository
 * @param {Iterable<string>} inputs files that went into bundles, relative to the root
 * @returns {Promise<string>} one text, the same for the same packages; licences that are equal appear once
 */
export async function thirdPartyLicenses(root, inputs) {
  const folders = [...new Set([...inputs].flatMap((input) => packageFolder(input) ?? []))].sort();
  const packagesByText = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8'));
    const text = await licenseText(path.join(root, folder));
    const key = text ?? `The package states: ${JSON.stringify(license ?? 'no licence')}.\n`;
    packagesByText.set(key, [...(packagesByText.get(key) ?? []), `${name} ${version}`]);
  }
  const sections = [...packagesByText].map(([text, names]) => `${names.join('\n')}\n\n${text.trim()}\n`);
  return ['The bundles of this package contain the following packages.\n', ...sections].join(`\n${'-'.repeat(80)}\n\n`);
}

/** The package's folder that an input belongs to: after the last `node_modules`, one name or two with a scope. */
function packageFolder(input) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

async function licenseText(folder) {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)(\.|$)/i.test(name)).sort();
  if (names.length === 0) return undefined;
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n');
}
