Page({
  data: {
    groups: [
      { name: 'basic', title: '基础内容', parts: 'text · icon · progress · rich-text' },
      { name: 'view', title: '视图容器', parts: 'view · scroll-view · movable-view' },
      { name: 'swiper', title: '轮播', parts: 'swiper · swiper-item' },
      { name: 'button', title: '按钮与导航', parts: 'button · navigator · label' },
      { name: 'form', title: '表单', parts: 'form · checkbox · radio · switch · slider' },
      { name: 'input', title: '输入', parts: 'input · textarea' },
      { name: 'picker', title: '选择器', parts: 'picker · picker-view' },
      { name: 'image', title: '图片', parts: 'image · cover-view' },
      { name: 'canvas', title: '画布', parts: 'canvas 2d' },
      { name: 'more', title: '开放能力与页面', parts: 'open-data · match-media · page-container' },
      { name: 'media', title: '媒体', parts: 'video · audio' },
      { name: 'vant', title: 'Vant Weapp', parts: '来自 npm 的组件库' },
    ],
  },
});
