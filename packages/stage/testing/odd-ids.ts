/** Construct ids that CDK allows and that careless name-making does not survive. */
export const ODD_IDS = ['1-odd id?', 'Ünïcode', 'x'.repeat(120), 'Default-2'];
