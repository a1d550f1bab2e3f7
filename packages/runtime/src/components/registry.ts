import { WxButton } from './button.ts';
import { WxCanvas } from './canvas.ts';
import { WxCheckbox, WxCheckboxGroup, WxRadio, WxRadioGroup, WxSwitch } from './checks.ts';
import { WxCoverImage } from './cover-image.ts';
import { WxDraggableSheet } from './draggable-sheet.ts';
import { WxForm } from './form.ts';
import { WxIcon } from './icon.ts';
import { WxImage } from './image.ts';
import { WxInput } from './input.ts';
import { WxLabel } from './label.ts';
import { WxAudio, WxVideo } from './media.ts';
import { WxMovableArea, WxMovableView } from './movable.ts';
import { WxNavigator } from './navigator.ts';
import { WxPageContainer } from './page-container.ts';
import { WxMatchMedia, WxNavigationBar, WxOpenData, WxPageMeta, WxWebView } from './page-parts.ts';
import { WxPicker } from './picker.ts';
import { WxPickerView, WxPickerViewColumn } from './picker-view.ts';
import { PLACEHOLDERS, placeholderClass } from './placeholder.ts';
import { WxKeyboardAccessory, WxRootPortal } from './portal.ts';
import { WxProgress } from './progress.ts';
import { WxRichText } from './rich-text.ts';
import { WxScrollView } from './scroll-view.ts';
import { WxSlider } from './slider.ts';
import { WxGridView, WxListView, WxStickyHeader, WxStickySection } from './sticky.ts';
import { WxSwiper } from './swiper.ts';
import { WxSwiperItem } from './swiper-item.ts';
import { WxTextarea } from './textarea.ts';
import type { WxElement } from './wx-element.ts';

/** Every built-in component that is more than a style, by its element name. */
const COMPONENTS: Record<string, new () => WxElement> = {
  'wx-button': WxButton,
  'wx-canvas': WxCanvas,
  'wx-checkbox': WxCheckbox,
  'wx-checkbox-group': WxCheckboxGroup,
  'wx-form': WxForm,
  'wx-icon': WxIcon,
  'wx-image': WxImage,
  'wx-input': WxInput,
  'wx-label': WxLabel,
  'wx-navigator': WxNavigator,
  'wx-picker': WxPicker,
  'wx-progress': WxProgress,
  'wx-radio': WxRadio,
  'wx-radio-group': WxRadioGroup,
  'wx-rich-text': WxRichText,
  'wx-scroll-view': WxScrollView,
  'wx-slider': WxSlider,
  'wx-swiper': WxSwiper,
  'wx-swiper-item': WxSwiperItem,
  'wx-switch': WxSwitch,
  'wx-textarea': WxTextarea,
  'wx-audio': WxAudio,
  'wx-video': WxVideo,
  'wx-match-media': WxMatchMedia,
  'wx-navigation-bar': WxNavigationBar,
  'wx-open-data': WxOpenData,
  'wx-page-container': WxPageContainer,
  'wx-page-meta': WxPageMeta,
  'wx-root-portal': WxRootPortal,
  'wx-web-view': WxWebView,
  'wx-picker-view': WxPickerView,
  'wx-picker-view-column': WxPickerViewColumn,
  'wx-cover-image': WxCoverImage,
  'wx-movable-area': WxMovableArea,
  'wx-movable-view': WxMovableView,
  'wx-keyboard-accessory': WxKeyboardAccessory,
  'wx-list-view': WxListView,
  'wx-grid-view': WxGridView,
  'wx-sticky-header': WxStickyHeader,
  'wx-sticky-section': WxStickySection,
  'wx-draggable-sheet': WxDraggableSheet,
};

/** Defines the elements once for this realm. */
export function registerComponents(): void {
  for (const [name, constructor] of Object.entries(COMPONENTS))
    if (!customElements.get(name)) customElements.define(name, constructor);
  for (const name of PLACEHOLDERS)
    if (!customElements.get(`wx-${name}`)) customElements.define(`wx-${name}`, placeholderClass());
}
