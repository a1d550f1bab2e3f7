/** Parts of swiper that stand in the light DOM as in the original, and what links look like. */
export const containerStyles = `
wx-navigator, wx-cover-view, wx-page-meta { display: block; }
wx-cover-view { position: relative; line-height: 1.2; overflow: hidden; white-space: nowrap; z-index: 1; }
wx-cover-image { display: inline-block; width: 320px; height: 240px; }
wx-movable-area { display: block; position: relative; width: 10px; height: 10px; }
wx-movable-area[scale-area] { touch-action: none; }
wx-movable-view { display: inline-block; position: absolute; top: 0; left: 0; width: 10px; height: 10px; touch-action: none; will-change: transform; }
wx-picker-view { display: flex; position: relative; height: 200px; overflow: hidden; }
wx-navigation-bar { display: none; }
wx-share-element, wx-list-view, wx-grid-view, wx-sticky-section, wx-nested-scroll-header, wx-nested-scroll-body, wx-open-container, wx-snapshot { display: block; }
wx-sticky-section { position: relative; }
wx-sticky-header { display: block; position: sticky; top: 0; z-index: 1; }
wx-portal-layer, wx-root-portal { display: contents; }
wx-keyboard-accessory { display: none; }
.wx-keyboard-accessory { display: block; position: fixed; left: 0; right: 0; bottom: 0; z-index: 500; background: #f7f7f7; }
.wx-keyboard-accessory[hidden] { display: none; }
wx-draggable-sheet { display: block; position: absolute; left: 0; right: 0; bottom: 0; overflow: hidden; touch-action: none; }
wx-tap-gesture-handler, wx-double-tap-gesture-handler, wx-long-press-gesture-handler, wx-pan-gesture-handler, wx-horizontal-drag-gesture-handler, wx-vertical-drag-gesture-handler, wx-scale-gesture-handler, wx-force-press-gesture-handler { display: contents; }
.navigator-hover { background-color: rgba(0, 0, 0, .1); opacity: .7; }
:where(.wx-swiper-dots) { position: absolute; display: flex; font-size: 0; }
:where(.wx-swiper-dots[hidden]) { display: none; }
:where(.wx-swiper-dots-horizontal) { left: 50%; bottom: 10px; transform: translateX(-50%); white-space: nowrap; }
:where(.wx-swiper-dots-vertical) { right: 10px; top: 50%; flex-direction: column; transform: translateY(-50%); }
:where(.wx-swiper-dot) { width: 8px; height: 8px; margin-right: 8px; border-radius: 50%; transition: background-color .2s; }
:where(.wx-swiper-dots-vertical .wx-swiper-dot) { margin: 0 0 9px; }
:where(.wx-swiper-dot:last-child) { margin: 0; }
`;
