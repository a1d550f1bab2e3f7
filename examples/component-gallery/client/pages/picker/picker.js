Page({
  data: {
    cities: ['北京', '上海', '广州', '深圳', '成都'],
    city: 2,
    multi: [
      ['热', '冰'],
      ['绿茶', '红茶', '乌龙', '普洱'],
    ],
    multiValue: [0, 1],
    time: '09:30',
    date: '2024-02-29',
    region: ['广东省', '深圳市', '南山区'],
    wheel: [1, 2],
  },
  pick({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.name]: detail.value });
  },
});
