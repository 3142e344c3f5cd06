import { parseCommit } from '../../release/conventional-commit';

test.each([
  ['behind it', 'BREAKING CHANGE: the bucket is another one.\nUpgrade: copy the objects,\nthen deploy.'],
  ['on the lines below', 'BREAKING CHANGE:\nthe bucket is another one.\nUpgrade:\ncopy the objects,\nthen deploy.'],
  ['below an empty line', 'BREAKING CHANGE:\n\nthe bucket is another one.\n\nUpgrade:\n\ncopy the objects,\nthen deploy.\n\nNo more of it.'],
])('a footer may have its text %s', (_where, footers) => {
  expect(parseCommit('0', `feat: buckets\n\nWhy.\n\n${footers}`)).toMatchObject({
    breaking: true, breaks: ['the bucket is another one.'], upgrade: ['copy the objects, then deploy.'], body: expect.stringMatching(/^Why\.(\n+No more of it\.)?$/),
  });
});

test('a footer without any text says nothing of what to do, and still breaks', () => {
  expect(parseCommit('0', 'feat: buckets\n\nBREAKING CHANGE:\nUpgrade:')).toMatchObject({ breaking: true, breaks: [], upgrade: [] });
});

test('a line of the text that ends with a colon is no footer', () => {
  expect(parseCommit('0', 'fix: dates\n\nTaken are:\n- old ones')).toMatchObject({ breaking: false, body: 'Taken are:\n- old ones' });
});
