Page({
  data: {
    modes: ['scaleToFill', 'aspectFit', 'aspectFill', 'center', 'top left', 'bottom right'],
    width: 0,
    height: 0,
  },
  loaded({ detail }) {
    this.setData({ width: detail.width, height: detail.height });
  },
});
