import * as glassEasel from 'glass-easel';
import { LightRows, type RowHome } from './light-rows.ts';
import type { TreeBackend } from './tree-backend.ts';

/** Lists with rows that are no nodes, by the component that they are in. */
export interface RowLists {
  add(component: glassEasel.GeneralComponent, home: Pick<RowHome, 'create' | 'update' | 'bind'>): LightRows;
}

export function createRowLists(): RowLists {
  const lists = new WeakMap<glassEasel.ShadowRoot, LightRows>();

  /** Whoever looks for a node finds it, though it is made only now. */
  const look = (element: glassEasel.Element, selector: unknown): void => {
    const shadow = glassEasel.ShadowRoot.isShadowRoot(element) ? element : element.ownerShadowRoot;
    if (!shadow) return;
    const list = lists.get(shadow as glassEasel.ShadowRoot);
    if (typeof selector !== 'string') list?.openAll();
    // One that crosses into other components looks into their lists, too.
    else if (selector.includes('>>>'))
      for (const other of (element.getBackendContext() as unknown as TreeBackend | null)?.lists ?? [])
        other.openFor(selector);
    else list?.openFor(selector);
  };
  const { prototype } = glassEasel.Element;
  const { querySelector, querySelectorAll } = prototype;
  prototype.querySelector = function (selector) {
    look(this, selector);
    return querySelector.call(this, selector);
  };
  prototype.querySelectorAll = function (selector) {
    look(this, selector);
    return querySelectorAll.call(this, selector);
  };
  const { getElementById } = glassEasel.ShadowRoot.prototype;
  glassEasel.ShadowRoot.prototype.getElementById = function (id) {
    look(this, `#${id}`);
    return getElementById.call(this, id);
  };

  return {
    add(component, home) {
      const shadowRoot = component.getShadowRoot() as glassEasel.ShadowRoot;
      const backend = component.getBackendContext() as unknown as TreeBackend;
      const rows = new LightRows({
        ...home,
        shadowRoot,
        adopt: (node, create) => backend.adopt(node, create),
        holds: (list, any) => void (any ? backend.lists.add(list) : backend.lists.delete(list)),
        changed: (node, inner, what, name, value) => backend.rowChanged(node.id + inner, what, name, value),
      });
      lists.set(shadowRoot, rows);
      return rows;
    },
  };
}
