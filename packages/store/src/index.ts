/** The record store. */
export {};
