/** Parts of swiper that stand in the light DOM as in the original, and what links look like. */
export const containerStyles = `
wx-navigator, wx-cover-view, wx-page-meta { display: block; }
wx-cover-view { position: relative; line-height: 1.2; overflow: hidden; white-space: nowrap; z-index: 1; }
wx-cover-image { display: inline-block; width: 320px; height: 240px; }
wx-movable-area { display: block; position: relative; width: 10px; height: 10px; }
wx-movable-view { display: inline-block; position: absolute; top: 0; left: 0; width: 10px; height: 10px; touch-action: none; will-change: transform; }
wx-picker-view { display: flex; position: relative; height: 200px; overflow: hidden; }
wx-navigation-bar { display: none; }
.navigator-hover { background-color: rgba(0, 0, 0, .1); opacity: .7; }
:where(.wx-swiper-dots) { position: absolute; display: flex; font-size: 0; }
:where(.wx-swiper-dots[hidden]) { display: none; }
:where(.wx-swiper-dots-horizontal) { left: 50%; bottom: 10px; transform: translateX(-50%); white-space: nowrap; }
:where(.wx-swiper-dots-vertical) { right: 10px; top: 50%; flex-direction: column; transform: translateY(-50%); }
:where(.wx-swiper-dot) { width: 8px; height: 8px; margin-right: 8px; border-radius: 50%; transition: background-color .2s; }
:where(.wx-swiper-dots-vertical .wx-swiper-dot) { margin: 0 0 9px; }
:where(.wx-swiper-dot:last-child) { margin: 0; }
`;
