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

/**
 * Values that code without a name of its own gets at by writing them down. What they inherit, and what makes them, is shared with the
 * view: a `push` that was replaced would be handed the elements of the page.
 */
const written = (): unknown[] => {
  const iterators = [[].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator](), ''.matchAll(/./g)];
  const functions = [() => {}, async () => {}, function* () {}, async function* () {}];
  const made = [TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError].map((Kind) => new Kind());
  return [
    {},
    [],
    '',
    0,
    0n,
    true,
    /./,
    new Date(0),
    Symbol(),
    Promise.resolve(),
    Math,
    ...iterators,
    ...functions,
    ...made,
  ];
};

/** Makes everything that a written value leads to unchangeable. For a realm with scripts in it that `closeScripts` is for. */
export function sealValues(): void {
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
    seen.add(value);
    visit(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      for (const part of [held, get, set]) visit(part);
    }
  };
  for (const value of written())
    visit(typeof value === 'object' || typeof value === 'function' ? value : Object(value));
  for (const value of seen) {
    // `x.toString = …` and `error.name = …` stay possible.
    if (value === Object.prototype || value instanceof Error || value === Error.prototype) keepAssignable(value);
    Object.freeze(value);
  }
}

/** Values of these names can be set on what inherits from the object, though not on itself. */
function keepAssignable(owner: object): void {
  for (const key of Reflect.ownKeys(owner)) {
    const { value, writable, enumerable = false } = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
    if (!writable) continue;
    Object.defineProperty(owner, key, {
      enumerable,
      get: () => value,
      set(this: object, given: unknown) {
        if (this === owner || Object(this) !== this) return;
        Object.defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
      },
    });
  }
}
