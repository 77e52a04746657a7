"""The sample press: three mornings of invented newspapers (DỮ LIỆU MẪU) that drive the whole product."""
