import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

test('no prop of the stage is a map, whose order the template could depend on', () => {
  const source = path.join(__dirname, '..', 'src');
  const files = readdirSync(source).filter((file) => file.endsWith('.ts'));
  expect(files).toContain('curate-stage.ts');
  const maps = files.flatMap((file) => [...readFileSync(path.join(source, file), 'utf8').matchAll(/^ {2}readonly (\w+)\??: \{ \[/gm)].map(([, prop]) => `${file}: ${prop}`));
  // A first one needs a test as those of the other stages have: the same props with the map reversed give the same template.
  expect(maps).toEqual([]);
});
