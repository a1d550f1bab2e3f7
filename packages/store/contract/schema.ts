/** The tables of the contract suite: our own, with the options TCaplus has. */
export const CONTRACT_SCHEMA = `syntax = "proto3";
package contract;
import "tcaplusservice.optionv1.proto";

enum Rank { BRONZE = 0; SILVER = 1; GOLD = 2; }

message Player {
  option (tcaplusservice.tcaplus_primary_key) = "id, zone";
  option (tcaplusservice.tcaplus_sharding_key) = "id";
  option (tcaplusservice.tcaplus_index) = "by_level(level)";
  option (tcaplusservice.tcaplus_index) = "by_name(name, level)";
  option (tcaplusservice.tcaplus_index) = "by_zone(zone)";
  int64 id = 1;
  uint32 zone = 2;
  string name = 3;
  int32 level = 4;
  int64 gold = 5;
  Rank rank = 6;
  Stats stats = 7;
  repeated int32 items = 8;
  map<string, int64> bag = 9;
  optional string guild = 10;
  double rating = 11;
  bytes blob = 12;
  oneof contact { string phone = 13; string mail = 14; }
  sint64 balance = 15;
  message Stats { uint32 wins = 1; uint32 losses = 2; Deep deep = 3; message Deep { int64 score = 1; } }
}

message Item {
  option (tcaplusservice.tcaplus_primary_key) = "id, slot";
  option (tcaplusservice.tcaplus_sharding_key) = "id";
  option (tcaplusservice.tcaplus_customattr) = "Feed=on";
  int64 id = 1;
  uint32 slot = 2;
  string what = 3;
  int64 count = 4;
}

message Secret {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  string id = 1;
  string token = 2 [(tcaplusservice.tcaplus_crypto) = true];
  int64 uses = 3;
}

message Mail {
  option (tcaplusservice.tcaplus_primary_key) = "owner";
  option (tcaplusservice.tcaplus_customattr) = "TableType=LIST;ListNum=4";
  int64 owner = 1;
  string text = 2;
}

message Notice {
  option (tcaplusservice.tcaplus_primary_key) = "owner";
  option (tcaplusservice.tcaplus_customattr) = "TableType=LIST;ListNum=50;TTL=10";
  int64 owner = 1;
  string text = 2;
}

message Motto {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  int64 id = 1;
  string text = 2 [(tcaplusservice.tcaplus_size) = 8];
  bytes blob = 3;
}

message Score {
  option (tcaplusservice.tcaplus_primary_key) = "board";
  option (tcaplusservice.tcaplus_customattr) = "TableType=SORTLIST;ListNum=3;SortField=points;SortRule=DESC";
  string board = 1;
  int64 points = 2;
  string who = 3;
}
`;
