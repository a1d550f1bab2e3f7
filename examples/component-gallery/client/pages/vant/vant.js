Page({
  data: { name: '', rate: 3, count: 2, on: true },
  set({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.name]: detail });
  },
});
