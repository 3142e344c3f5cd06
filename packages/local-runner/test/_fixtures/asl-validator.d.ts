/** The package ships no types. */
declare module 'asl-validator';
