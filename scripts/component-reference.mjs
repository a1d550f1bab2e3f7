// The component reference of WeChat mini programs as a table: name → attributes | events. What every component has (id,
// class, style, hidden, data-*, touch events) is left out.
const TEXT = `
view: hover-class hover-stop-propagation hover-start-time hover-stay-time |
scroll-view: scroll-x scroll-y upper-threshold lower-threshold scroll-top scroll-left scroll-into-view scroll-into-view-offset scroll-with-animation enable-back-to-top enable-passive refresher-enabled refresher-threshold refresher-default-style refresher-background refresher-triggered bounces show-scrollbar fast-deceleration paging-enabled scroll-anchoring enable-flex enhanced using-sticky type | scrolltoupper scrolltolower scroll refresherpulling refresherrefresh refresherrestore refresherabort dragstart dragging dragend
swiper: indicator-dots indicator-color indicator-active-color autoplay current current-item-id interval duration circular vertical previous-margin next-margin snap-to-edge display-multiple-items easing-function | change transition animationfinish
swiper-item: item-id skip-hidden-item-layout |
movable-area: scale-area |
movable-view: direction inertia out-of-bounds x y damping friction disabled scale scale-min scale-max scale-value animation | change scale htouchmove vtouchmove
cover-view: scroll-top |
cover-image: src referrer-policy | load error
match-media: min-width max-width width min-height max-height height orientation |
page-container: show duration z-index overlay position round close-on-slide-down overlay-style custom-style | beforeenter enter afterenter beforeleave leave afterleave clickoverlay
root-portal: enable |
share-element: key transform duration easing-function |
keyboard-accessory: |
sticky-section: push-pinned-header padding |
sticky-header: offset-top padding | stickontopchange
list-view: padding |
grid-view: type cross-axis-count max-cross-axis-extent main-axis-gap cross-axis-gap padding |
draggable-sheet: initial-child-size min-child-size max-child-size snap snap-sizes | sizeupdate
text: selectable user-select space decode overflow max-lines |
rich-text: nodes space user-select |
icon: type size color |
progress: percent show-info border-radius font-size stroke-width color activeColor backgroundColor active active-mode duration | activeend
button: size type plain disabled loading form-type open-type hover-class hover-stop-propagation hover-start-time hover-stay-time lang session-from send-message-title send-message-path send-message-img app-parameter show-message-card | getuserinfo contact getphonenumber getrealtimephonenumber error opensetting launchapp chooseavatar agreeprivacyauthorization
checkbox: value disabled checked color |
checkbox-group: | change
editor: read-only placeholder show-img-size show-img-toolbar show-img-resize | ready focus blur input statuschange
form: report-submit report-submit-timeout | submit reset submitToGroup
input: value type password placeholder placeholder-style placeholder-class disabled maxlength cursor-spacing auto-focus focus confirm-type always-embed confirm-hold cursor selection-start selection-end adjust-position hold-keyboard safe-password-cert-path | input focus blur confirm keyboardheightchange change nicknamereview selectionchange
label: for |
picker: mode disabled header-text range range-key value start end fields custom-item level | change cancel columnchange
picker-view: value mask-class indicator-style indicator-class mask-style immediate-change | change pickstart pickend
radio: value checked disabled color |
radio-group: | change
slider: min max step disabled value color selected-color activeColor backgroundColor block-size block-color show-value | change changing
switch: checked disabled type color | change
textarea: value placeholder placeholder-style placeholder-class disabled maxlength auto-focus focus auto-height fixed cursor-spacing cursor show-confirm-bar selection-start selection-end adjust-position hold-keyboard disable-default-padding confirm-type confirm-hold adjust-keyboard-to | focus blur linechange input confirm keyboardheightchange selectionchange
navigator: target url open-type delta app-id path extra-data version short-link hover-class hover-stop-propagation hover-start-time hover-stay-time | success fail complete
functional-page-navigator: version name args | success fail cancel
audio: id src loop controls poster name author | error play pause timeupdate ended
camera: mode resolution device-position flash frame-size | stop error initdone scancode
image: src mode show-menu-by-longpress webp lazy-load fade-in | error load
live-player: src mode autoplay muted orientation object-fit background-mute min-cache max-cache | statechange fullscreenchange netstatus audiovolumenotify
live-pusher: url mode autopush muted enable-camera auto-focus orientation beauty whiteness aspect | statechange netstatus error bgmstart bgmprogress bgmcomplete
video: src duration controls danmu-list danmu-btn enable-danmu autoplay loop muted initial-time direction show-progress show-fullscreen-btn show-play-btn show-center-play-btn enable-progress-gesture object-fit poster show-mute-btn title play-btn-position enable-play-gesture auto-pause-if-navigate vslide-gesture vslide-gesture-in-fullscreen show-casting-button picture-in-picture-mode enable-auto-rotation show-screen-lock-button show-snapshot-button | play pause ended timeupdate fullscreenchange waiting error progress loadedmetadata controlstoggle enterpictureinpicture leavepictureinpicture seekcomplete
voip-room: openid mode device-position object-fit | error
channel-live: feed-id finder-user-name | error
channel-video: feed-id finder-user-name feed-token autoplay loop muted object-fit | error
map: longitude latitude scale min-scale max-scale markers covers polyline circles controls include-points show-location polygons subkey layer-style rotate skew enable-3D show-compass show-scale enable-overlooking enable-auto-max-overlooking enable-zoom enable-scroll enable-rotate enable-satellite enable-traffic enable-poi enable-building setting | tap markertap labeltap controltap callouttap updated regionchange poitap polylinetap abilitysuccess abilityfail authsuccess interpolatepoint error anchorpointtap
canvas: type canvas-id disable-scroll | touchstart touchmove touchend touchcancel longtap error
web-view: src | message load error
ad: unit-id ad-intervals ad-type ad-theme | load error close
ad-custom: unit-id ad-intervals | load error close
official-account: | load error
open-data: type open-gid lang default-text default-avatar | error
page-meta: background-text-style background-color background-color-top background-color-bottom root-background-color scroll-top scroll-duration page-style page-font-size root-font-size page-orientation | resize scroll scrolldone
navigation-bar: title loading front-color background-color color-animation-duration color-animation-timing-func |
`;

/** name → { attributes, events } */
export const COMPONENT_REFERENCE = new Map(
  TEXT.trim()
    .split('\n')
    .map((line) => {
      const [name, rest] = line.split(/:(.*)/s);
      const [attributes, events] = rest.split('|').map((part) => part.trim().split(/\s+/).filter(Boolean));
      return [name, { attributes, events }];
    }),
);
