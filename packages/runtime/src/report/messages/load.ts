export const LOAD_MESSAGES = {} as const;
