/**
 * Takes away what no content security policy covers: WebRTC sends packets to any address. Runs before anything of a mini program
 * does. Frames that its code could open have origins of their own, so none of them hands the constructors back, and the only
 * script that they may load is the one that begins with this.
 */
export function closeRealm(realm: object): void {
  for (const name of Object.getOwnPropertyNames(realm))
    if (/^(webkit|moz)?RTC/.test(name)) Reflect.deleteProperty(realm, name);
}

/**
 * For a realm that runs WXS and no other code of the mini program. A module sees no global name, so that what is left are the ways from
 * a value to the maker of functions, which would run any text, and to the frames of a stack. Those end here.
 */
export function closeScripts(realm: typeof globalThis): void {
  const makers = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const maker of makers) {
    const prototype = Object.getPrototypeOf(maker) as object;
    Object.defineProperty(prototype, 'constructor', { value: undefined, writable: false, configurable: false });
  }
  Object.defineProperty(realm.Error, 'prepareStackTrace', { value: undefined, writable: false, configurable: false });
}
