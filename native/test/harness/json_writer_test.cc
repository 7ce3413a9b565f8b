#include "harness/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace annsmith::test {
namespace {

using harness::Base64;
using harness::JsonObject;
using harness::JsonText;

TEST(JsonWriterTest, FieldsInOrder) {
  JsonObject json;
  json.Text("a", "x").Integer("b", 7).Bool("c", false).Raw("d", "[1]").Number("e", 0.1);
  EXPECT_EQ(json.str(), R"({"a":"x","b":7,"c":false,"d":[1],"e":0.1})");
}

TEST(JsonWriterTest, WhatJsonCannotSayIsNull) {
  EXPECT_EQ(JsonObject().Number("x", std::nan("")).Number("y", HUGE_VAL).str(),
            R"({"x":null,"y":null})");
}

TEST(JsonWriterTest, TextOfAnyBytesBecomesValid) {
  EXPECT_EQ(JsonText("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(JsonText("\xC3\xA4"), "\"\xC3\xA4\"");
  EXPECT_EQ(JsonText("\xFF\xC0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(JsonText("\xE2\x82"), R"("\ufffd\ufffd")");
  EXPECT_EQ(JsonText("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");
}

// The test vectors of RFC 4648.
TEST(JsonWriterTest, Base64Pads) {
  const auto bytes = [](const std::string& text) {
    return std::vector<uint8_t>(text.begin(), text.end());
  };
  EXPECT_EQ(Base64({}), "");
  EXPECT_EQ(Base64(bytes("f")), "Zg==");
  EXPECT_EQ(Base64(bytes("fo")), "Zm8=");
  EXPECT_EQ(Base64(bytes("foo")), "Zm9v");
  EXPECT_EQ(Base64(bytes("foobar")), "Zm9vYmFy");
}

}  // namespace
}  // namespace annsmith::test
