/** Default styles of a page and of the built-in components that are only a style. Lengths follow the original's defaults. */
export const baseStyles = `
html, body { margin: 0; padding: 0; height: 100%; overflow: hidden; }
:host, html { --rpx: calc(100vw / 750); }
:host { display: block; position: absolute; inset: 0; overflow: hidden; }
wx-page { display: block; min-height: 100%; box-sizing: border-box; }
wx-root {
  display: block; position: relative; height: 100%; overflow-x: hidden; overflow-y: auto; box-sizing: border-box;
  font-family: -apple-system, "PingFang SC", "Helvetica Neue", "Noto Sans CJK SC", "Noto Sans SC", Arial, sans-serif;
  font-size: 16px; line-height: 1.4; color: #000; -webkit-text-size-adjust: none; -webkit-tap-highlight-color: transparent;
  user-select: none; -webkit-user-select: none; word-break: break-word; z-index: 1;
}
wx-root.wx-no-scroll { overflow: hidden; }
wx-root::-webkit-scrollbar { display: none; }
wx-view, wx-scroll-view, wx-swiper, wx-form, wx-label { display: block; }
wx-label { display: inline; }
wx-text { display: inline; white-space: pre-line; }
wx-image { display: inline-block; width: 320px; height: 240px; overflow: hidden; }
wx-block { display: contents; }
wx-pull-indicator { position: absolute; top: 0; left: 0; right: 0; height: 50px; display: flex; align-items: center; justify-content: center; gap: 6px; opacity: 0; z-index: 0; }
wx-pull-indicator i { width: 8px; height: 8px; border-radius: 50%; background: #aaa; }
wx-pull-indicator[data-style="light"] i { background: #fff; }
wx-pull-indicator.wx-active i { animation: wx-pull .9s infinite; }
wx-pull-indicator.wx-active i:nth-child(2) { animation-delay: .15s; }
wx-pull-indicator.wx-active i:nth-child(3) { animation-delay: .3s; }
@keyframes wx-pull { 0%, 100% { opacity: .3 } 40% { opacity: 1 } }
`;
