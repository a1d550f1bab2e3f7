/**
 * The behaviors WeChat has built in, by their names.
 * Source: the mini-program guide, custom components → built-in behaviors.
 */
export function builtinBehaviors(define: (definition: object) => unknown): Map<string, unknown> {
  const field = { properties: { name: { type: String }, value: { type: null } } };
  return new Map<string, unknown>([
    ['wx://form-field', define(field)],
    ['wx://form-field-group', define({})],
    ['wx://form-field-button', define({})],
    ['wx://component-export', define({})],
  ]);
}

/** Names by which the event layer finds form fields among custom components. */
export const FORM_FIELD_BEHAVIOR = 'wx://form-field';
