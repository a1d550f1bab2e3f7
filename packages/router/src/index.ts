/** The object router. */
export {};
