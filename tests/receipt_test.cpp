#include "core/receipt.h"

#include <set>
#include <string>

#include "tests/support/catch.h"

using pistachio::Receipt;
using pistachio::ReceiptMaker;

TEST_CASE("a receipt is 22 characters of base64url and reads back as itself") {
  ReceiptMaker maker;
  for (int i = 0; i < 1000; ++i) {
    const Receipt receipt = maker.next();
    const std::string text = receipt.text();
    REQUIRE(text.size() == Receipt::kTextLength);
    REQUIRE(text.find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
            std::string::npos);
    REQUIRE(Receipt::parse(text) == receipt);
  }
}

TEST_CASE("receipts do not repeat") {
  ReceiptMaker maker;
  std::set<std::string> seen;
  for (int i = 0; i < 10000; ++i) seen.insert(maker.next().text());
  CHECK(seen.size() == 10000);
}

TEST_CASE("a text that is no receipt is refused") {
  CHECK_FALSE(Receipt::parse("").has_value());
  CHECK_FALSE(Receipt::parse("AAAAAAAAAAAAAAAAAAAAA").has_value());
  CHECK_FALSE(Receipt::parse("AAAAAAAAAAAAAAAAAAAAAAA").has_value());
  CHECK_FALSE(Receipt::parse("AAAAAAAAAAAAAAAAAAAAA+").has_value());
  CHECK_FALSE(Receipt::parse("AAAAAAAAAAAAAAAAAAAAA=").has_value());
  CHECK(Receipt::parse("AAAAAAAAAAAAAAAAAAAAAA").has_value());
}
