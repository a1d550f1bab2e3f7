import type { Entry } from './host-book.ts';

/** What the user keeps when the phone is new. Names and numbers are those of a specimen. */
export const CONTACTS: readonly Entry[] = [
  { displayName: '张三', phoneNumber: '13800138000' },
  { displayName: '李四', phoneNumber: '13900139000' },
];

export const ADDRESSES: readonly Entry[] = [
  {
    ...{ userName: '张三', telNumber: '020-81167888', nationalCode: '510000', postalCode: '510000' },
    ...{ provinceName: '广东省', cityName: '广州市', countyName: '海珠区', streetName: '新港中路' },
    detailInfo: '新港中路397号',
  },
];

export const INVOICE_TITLES: readonly Entry[] = [
  {
    ...{ type: '0', title: '示例科技有限公司', taxNumber: '91440300MA5FXXXX0X', telephone: '0755-86013388' },
    ...{ companyAddress: '深圳市南山区示例路1号', bankName: '示例银行深圳分行', bankAccount: '6200000000000000' },
  },
  { type: '1', title: '张三', taxNumber: '', telephone: '', companyAddress: '', bankName: '', bankAccount: '' },
];

export const INVOICES: readonly Entry[] = [
  { title: '餐饮服务 ¥128.00', card_id: 'pjZ8Yt1XGILfi-FUsewpnnolGgZk', encrypt_code: 'XXIzTtMqCxwOaawoE91+' },
];

export const LICENSE_PLATES: readonly Entry[] = [{ plateNumber: '粤B12345' }, { plateNumber: '粤BD12345' }];
