module sett/badgerpeer

go 1.19

require github.com/dgraph-io/badger/v2 v2.2007.2
