import { findComponent } from '../../service/node-contexts.ts';
import { ApiFailure, type Callbacks } from '../../service/wx/api.ts';
import type { WxContext } from '../../service/wx/context.ts';
import { service, value } from '../../service/wx/define.ts';
import { anything, type Fields, flag, list, number, object, optional } from '../schema.ts';

type Options = Callbacks & Record<string, unknown>;
type Method = (options?: object) => Promise<object> | undefined;

/** What the methods of a MapContext look at. Source: the MapContext page of the API reference. */
const METHODS: Record<string, Fields> = {
  getCenterLocation: {},
  getRegion: {},
  getScale: {},
  getRotate: {},
  getSkew: {},
  moveToLocation: { longitude: optional(number()), latitude: optional(number()) },
  includePoints: { points: list(anything()), padding: optional(list(number())) },
  addMarkers: { markers: list(anything()), clear: optional(flag()) },
  removeMarkers: { markerIds: list(number()) },
  toScreenLocation: { longitude: number(), latitude: number() },
  fromScreenLocation: { x: number(), y: number() },
};
/** Where an answer is not what the component gives, but is made of these. */
const GIVES: Record<string, readonly string[]> = {
  getCenterLocation: ['longitude', 'latitude'],
  getRegion: ['southwest', 'northeast'],
};
/** What maps of WeChat have and this one does not: they fail. */
const MISSING = [
  ...['addArc', 'removeArc', 'addCustomLayer', 'removeCustomLayer', 'addGroundOverlay', 'updateGroundOverlay'],
  ...['removeGroundOverlay', 'addVisualLayer', 'removeVisualLayer', 'executeVisualLayerCommand', 'eraseLines'],
  ...['initMarkerCluster', 'moveAlong', 'openMapApp', 'setBoundary', 'setCenterOffset', 'setLocMarkerIcon'],
];

/** A map of a page; each call finds it anew. */
class MapContext {
  readonly [name: string]: unknown;

  constructor(wx: WxContext, id: string, component: unknown) {
    const ask = async (method: string, options: object): Promise<Record<string, unknown>> => {
      const found = findComponent(wx.pageOf(component) ?? wx.currentPage(), 'map', id);
      if (!found) throw new ApiFailure(`the map "${id}" is not found`);
      const { success, fail, complete, animationEnd, ...plain } = options as Options;
      const answer = (await found.backend.call(found.backend.idOf(found.node), method, [plain])) as
        | Record<string, unknown>
        | undefined;
      if (!answer) throw new ApiFailure('the map does not answer');
      if (answer.error !== undefined) throw new ApiFailure(String(answer.error));
      return answer;
    };
    const methods: Record<string, Method> = {};
    for (const [name, fields] of Object.entries(METHODS))
      methods[name] = wx.api.async(name, fields, async (options: object) => {
        const answer = await ask(name, options);
        const given = GIVES[name];
        return given ? Object.fromEntries(given.map((key) => [key, answer[key]])) : answer;
      });
    const destination = { markerId: number(), destination: object({}), duration: optional(number()) };
    methods.translateMarker = wx.api.async('translateMarker', destination, async (options: object) => {
      const { duration } = await ask('translateMarker', options);
      const { animationEnd } = options as { animationEnd?: () => void };
      if (typeof animationEnd === 'function')
        setTimeout(() => wx.reporter.guard('MapContext.translateMarker animationEnd', animationEnd), Number(duration));
      return {};
    });
    for (const name of MISSING)
      methods[name] = wx.api.async(name, {}, () => {
        throw new ApiFailure('not supported');
      });
    Object.assign(this, methods, {
      // Listens to what only visual layers tell.
      on: () => {},
      off: () => {},
    });
  }
}

/** The context of a `map` component. */
export const mapService = service({
  createMapContext: value((wx) => (id: string, component?: unknown) => new MapContext(wx, String(id), component)),
});
