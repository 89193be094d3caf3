/** URL of this module, from which worker files are found. The CommonJS build substitutes its own version: build.mjs. */
export const moduleUrl: string = import.meta.url;
