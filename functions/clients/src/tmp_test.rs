#[test]
fn write() { println!("{}", serde_json::to_string(&crate::routes().into_openapi()).unwrap()); }
