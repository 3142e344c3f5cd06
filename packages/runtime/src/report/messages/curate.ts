export const CURATE_MESSAGES = {} as const;
