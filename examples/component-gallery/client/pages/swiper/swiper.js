Page({
  data: {
    cards: [
      { text: '春', tone: 'b1' },
      { text: '夏', tone: 'b2' },
      { text: '秋', tone: 'b3' },
    ],
    current: 0,
    source: '',
  },
  changed({ detail }) {
    this.setData({ current: detail.current, source: detail.source });
  },
});
