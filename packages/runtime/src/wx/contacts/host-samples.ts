import type { Entry } from './host-book.ts';

/** What the user keeps when the phone is new. Names and numbers are those of a specimen. */
export const CONTACTS: readonly Entry[] = [
  { displayName: '张三', phoneNumber: '13800000000' },
  { displayName: '李四', phoneNumber: '13900000000' },
];

export const ADDRESSES: readonly Entry[] = [
  {
    ...{ userName: '张三', telNumber: '010-00000000', nationalCode: '440305', postalCode: '518000' },
    ...{ provinceName: '广东省', cityName: '深圳市', countyName: '南山区', streetName: '示例路' },
    detailInfo: '示例路1号',
  },
];

export const INVOICE_TITLES: readonly Entry[] = [
  {
    ...{ type: '0', title: '示例科技有限公司', taxNumber: '910000000000000000', telephone: '010-00000000' },
    ...{ companyAddress: '深圳市南山区示例路1号', bankName: '示例银行深圳分行', bankAccount: '6200000000000000' },
  },
  { type: '1', title: '张三', taxNumber: '', telephone: '', companyAddress: '', bankName: '', bankAccount: '' },
];

export const INVOICES: readonly Entry[] = [
  { title: '餐饮服务 ¥128.00', card_id: 'specimen-card', encrypt_code: 'specimen-code' },
];

export const LICENSE_PLATES: readonly Entry[] = [{ plateNumber: '粤B12345' }, { plateNumber: '粤BD12345' }];
