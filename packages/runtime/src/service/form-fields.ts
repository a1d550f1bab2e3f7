import type { ViewEvent } from '@sparrow/protocol';
import * as glassEasel from 'glass-easel';

/**
 * A `submit` event of the view has the values of the built-in controls in the form. This adds those of custom components that
 * use the behavior `wx://form-field`: their `name` and `value`, which only the logic layer knows.
 */
export function withFormFields(form: glassEasel.Element, event: ViewEvent, formField: unknown): ViewEvent {
  if (event.type !== 'submit') return event;
  const { value, ...rest } = event.detail as { value: Record<string, unknown> };
  // The adapter's behaviors have the framework's inside.
  const raw = (formField as { _$: unknown })._$;
  const fields: Record<string, unknown> = {};
  const visit = (node: glassEasel.Node): void => {
    if (glassEasel.TextNode.isTextNode(node)) return;
    if (glassEasel.Component.isComponent(node) && node.hasBehavior(raw as never)) {
      const { name, value: own } = node.data as { name?: string; value?: unknown };
      // What is inside is the component's own affair.
      if (name) fields[name] = own;
      return;
    }
    node.forEachComposedChild((child) => visit(child));
  };
  form.forEachComposedChild((child) => visit(child));
  return { ...event, detail: { value: { ...value, ...fields }, ...rest } };
}
