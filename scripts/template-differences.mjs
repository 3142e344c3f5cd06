/** Compares CloudFormation templates that two languages made of one app, in words for somebody who knows neither. */
import { isDeepStrictEqual } from 'node:util';

/**
 * @param {object} expected template of TypeScript
 * @param {object} actual template of another language
 * @returns {string[]} a line for each resource, output or parameter that is not the same: its logical id and type, and the first place that differs
 */
export function differences(expected, actual) {
  const sections = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return sections.flatMap((section) => {
    const [one, other] = [expected[section] ?? {}, actual[section] ?? {}];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort().flatMap((id) => {
      const name = `${section}.${id}${typeof (one[id] ?? other[id])?.Type === 'string' ? ` (${(one[id] ?? other[id]).Type})` : ''}`;
      if (!(id in other)) return [`${name} is missing`];
      if (!(id in one)) return [`${name} is not in TypeScript's`];
      return isDeepStrictEqual(one[id], other[id]) ? [] : [`${name} differs: ${firstDifference(one[id], other[id])}`];
    });
  });
}

/** Characters of a value that are shown; a state machine has thousands. */
const SHOWN = 160;

function firstDifference(one, other, at = '') {
  if (typeof one === 'string' && typeof other === 'string') return `${at}${differentText(one, other)}`;
  if (!isStructure(one) || !isStructure(other) || Array.isArray(one) !== Array.isArray(other)) return `${at} is ${short(other)}, in TypeScript ${short(one)}`;
  const name = [...new Set([...Object.keys(one), ...Object.keys(other)])].find((each) => !isDeepStrictEqual(one[each], other[each]));
  if (!(name in other)) return `${at}.${name} is missing, in TypeScript it is ${short(one[name])}`;
  if (!(name in one)) return `${at}.${name} is ${short(other[name])}, in TypeScript it is missing`;
  return firstDifference(one[name], other[name], `${at}.${name}`);
}

/** From shortly before the first character that differs. */
function differentText(one, other) {
  if (one.length <= SHOWN && other.length <= SHOWN) return ` is ${JSON.stringify(other)}, in TypeScript ${JSON.stringify(one)}`;
  let place = 0;
  while (one[place] === other[place]) place += 1;
  const from = Math.max(0, place - SHOWN / 4);
  const part = (text) => JSON.stringify(text.slice(from, from + SHOWN));
  return ` differs from character ${place} on: around it stands ${part(other)}, in TypeScript ${part(one)}`;
}

function isStructure(value) {
  return typeof value === 'object' && value !== null;
}

function short(value) {
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
